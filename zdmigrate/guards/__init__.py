"""Health guards: numbers that tell how an app does, and the thresholds beyond which nothing may go on."""
