"""Pure data: facts, plan, actions, events, log document, questions, errors and the small interfaces. No I/O, no imports of ours."""
