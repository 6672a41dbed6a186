"""What made a label map: recipe, network, snapshots."""
