# Writes ${OUT}: the texts of ${FILES} (NNNN_name.sql) as C arrays, and the list pm_migrations in order of number.
# The numbers must be 1, 2, 3, ... without a gap.
list(SORT FILES)
set(arrays "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
  math(EXPR count "${count} + 1")
  get_filename_component(name ${file} NAME)
  string(REGEX MATCH "^[0-9]+" digits ${name})
  string(REGEX REPLACE "^0+" "" number "${digits}")
  if(NOT number EQUAL count)
    message(FATAL_ERROR "migration ${name}: expected number ${count}; numbers have no gaps and do not repeat")
  endif()
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char sql_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {${number}, \"${name}\", (const char *)sql_${number}},\n")
endforeach()
file(WRITE ${OUT} "/* Made from ledger/migrations by embed_sql.cmake. */
#include \"coordinator/ledger/ledger_sqlite.h\"

${arrays}
const struct pm_migration pm_migrations[] = {
${rows}};
const int pm_n_migrations = ${count};
")
