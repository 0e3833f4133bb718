"""Training of anprd's plate models: drawn plates, camera effects, data loading, networks and export."""
