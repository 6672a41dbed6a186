"""What another method made a label map with can be read from the labels."""

import json

import numpy as np

from napari_dynaseg.peers import find_method
from napari_dynaseg.recipes.method_record import METHOD_KEY, MethodRecord
from napari_dynaseg.recipes.recipe import Source


def test_a_record_names_the_method_its_knobs_and_the_image():
    method = find_method("kmeans")
    source = Source.of(np.zeros((1, 2, 2), np.float32), "cells")
    record = MethodRecord.now(method, method.configure(clusters=3), source)
    content = json.loads(json.dumps(record.to_metadata()))[METHOD_KEY]
    assert content["method"] == "kmeans"
    assert content["published_by"] == "MacQueen 1967"
    assert content["knobs"]["clusters"] == 3
    assert content["source"]["name"] == "cells"
    assert content["step"] is None
    assert "scikit-learn" in content["versions"]
    assert MethodRecord.model_validate(content) == record
