"""What the validator found, written for people (one HTML page) and for build servers (JUnit XML). Never a value."""
