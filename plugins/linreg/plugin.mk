USES_linreg := random draw number
LIBS_linreg := -ljansson
