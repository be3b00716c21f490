;; Well-formed WebAssembly that is no circuit: for the tests of the witness room.
(module
  (import "env" "memory" (memory 1))
  (func (export "init") (param i32)))
