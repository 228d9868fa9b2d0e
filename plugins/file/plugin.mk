USES_file := lines linebuf
