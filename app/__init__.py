"""The dashboard: navigation, session, charts, words and parts. It draws what the front door says."""
