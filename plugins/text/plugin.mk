USES_text := number
