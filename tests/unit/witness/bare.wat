;; A module with circom's import and none of its functions: for the tests of the witness room.
(module
  (import "runtime" "exceptionHandler" (func (param i32)))
  (func (export "init") (param i64)))
