"""From facts to a plan: `planner.RecipePlanner` picks a recipe, which drafts, and `assemble` makes the steps. Executes nothing."""
