USES_stdio := lines linebuf stall
