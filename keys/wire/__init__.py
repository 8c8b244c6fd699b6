"""Protection of payloads on the wire: JOSE, CMS and hybrid HPKE, as pure functions over keys that are passed in."""
