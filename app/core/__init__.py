"""The way to the outside: models, stores, settings, logs. Knows neither HTTP routes nor SQL."""
