"""Everything external: models, stores, settings, logs. Knows neither HTTP routes nor SQL."""
