USES_file := lines linebuf stall
