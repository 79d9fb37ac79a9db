"""Which test shows that a setting does something: one row for each key of `Settings`, filled in with the code that reads it."""

from __future__ import annotations

EFFECTS = {
    "planner": "tests/cli/test_settings.py::test_the_settings_of_a_command_reach_the_planner",
    "approval": "tests/runner/test_settings_in_use.py::test_settings_are_read_anew_for_each_deployment_and_for_a_retry",
    "interaction.mode": "tests/runner/test_settings_in_use.py::test_a_mode_without_people_answers_at_once_and_the_log_has_it",
    "interaction.question_timeout_s":
        "tests/runner/test_settings_in_use.py::test_the_time_out_of_the_settings_counts_for_questions_without_one",
    # the model
    "llm.provider": "tests/settings/test_keys.py::test_a_deployment_gets_the_key_of_its_provider",
    "llm.model": "tests/server/test_settings.py::test_a_model_can_be_tried_before_it_is_set",
    "llm.endpoint": "tests/server/test_settings.py::test_the_model_that_is_set_is_called_with_the_key_that_was_handed_over",
    "llm.temperature": "tests/llm/test_client.py::test_d14_a_raised_temperature_reaches_the_model_for_one_call_only",
    "llm.proxy": "tests/llm/test_secrets.py::test_the_proxy_of_the_settings_is_used_and_its_password_not_told",
    "llm.context_window": "tests/llm/test_client.py::test_name_and_window_are_those_of_the_settings_or_the_preset",
    "llm.timeout_s": "tests/llm/test_faults.py::test_the_deadline_ends_hangs_and_streams_that_trickle[hang]",
    "llm.input_price": "tests/llm/test_client.py::test_every_call_is_recorded_with_what_it_took",
    "llm.output_price": "tests/llm/test_client.py::test_every_call_is_recorded_with_what_it_took",
    # limits
    "budget.max_iterations": "tests/runner/test_settings_in_use.py::test_d18_the_limit_of_turns_ends_the_step_and_is_named",
    "budget.max_iterations_per_step": "tests/orchestrator/test_limits.py::test_every_limit_comes_from_the_settings",
    "budget.max_commands": "tests/orchestrator/test_limits.py::test_every_limit_comes_from_the_settings",
    "budget.max_seconds": "tests/orchestrator/test_limits.py::test_every_limit_comes_from_the_settings",
    "budget.max_attempts": "tests/orchestrator/test_limits.py::test_every_limit_comes_from_the_settings",
    "budget.fetch_timeout": "tests/runner/test_private_repositories.py::test_the_limits_of_the_settings_count",
    "budget.max_repository_mb": "tests/runner/test_private_repositories.py::test_the_limits_of_the_settings_count",
    "budget.planning_timeout": "tests/runner/test_settings_in_use.py::test_a_model_has_the_time_to_plan_that_is_set",
    "budget.max_llm_calls": "tests/llm/test_client.py::test_a_limit_stops_before_the_next_call",
    "budget.max_tokens": "tests/llm/test_client.py::test_a_limit_stops_before_the_next_call",
    "budget.max_cost_usd": "tests/llm/test_client.py::test_a_limit_stops_before_the_next_call",
    # loops
    "loop_detection.enabled": "tests/drivers/test_loops.py::test_detection_can_be_switched_off",
    "loop_detection.direct_repeat_threshold": "tests/drivers/test_llm_driver.py::test_d18_the_threshold_of_a_setting_is_used",
    "loop_detection.error_loop_threshold": "tests/drivers/test_loops.py::test_the_error_threshold_is_used",
    "loop_detection.command_similarity_threshold":
        "tests/drivers/test_loops.py::test_nearly_the_same_command_that_fails_alike_is_a_loop",
    "loop_detection.output_similarity_threshold": "tests/drivers/test_loops.py::test_the_output_threshold_is_used",
    "loop_detection.temperature_boost_levels": "tests/drivers/test_ladder.py::test_each_rung_raises_the_temperature_of_one_call",
    # the model's view of a long step
    "compression.threshold": "tests/drivers/test_history_view.py::test_a_long_step_is_shortened_by_rule_and_the_log_keeps_all",
    "compression.keep_ratio": "tests/drivers/test_history_view.py::test_a_smaller_share_to_keep_keeps_fewer_outputs",
    "logs.keep": "tests/runner/test_logs_kept.py::test_the_oldest_ended_logs_go_beyond_the_number_of_the_setting",
    # rules for commands
    "policy.allow": "tests/policy/test_user_rules.py::test_allow_lifts_what_would_be_asked",
    "policy.ask": "tests/policy/test_user_rules.py::test_deny_beats_ask_and_ask_beats_allow",
    "policy.deny": "tests/policy/test_user_rules.py::test_deny_beats_ask_and_ask_beats_allow",
}  # fmt: skip
