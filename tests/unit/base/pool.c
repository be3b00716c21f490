#include "test.h"
PM_TEST(todo) { CHECK(1); }
