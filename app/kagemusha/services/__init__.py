"""The use-cases: one public function a verb. They take a Context, raise domain errors and never commit."""
