"""From a traced model of any framework to a decoder: the builder of its graph, and the operations of each framework."""
