# Reading and printing numbers, with the ways for some processors; tests and benchmarks take it too.
NUMBER_PARTS := number row row_avx2 row_avx512 print_avx512
USES_text := $(NUMBER_PARTS) columns
