USES_stdio := lines linebuf
