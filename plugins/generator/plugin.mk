USES_generator := random draw number
