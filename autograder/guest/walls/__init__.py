"""Put up walls inside the sandbox; Linux only."""
