"""The 27 defects of an earlier, model-only deployer, and the tests that would fail if one of them came back.

What each was:

D1 a retry overwrote the first attempt · D2 compression deleted commands from the log · D3 a blocked step overwrote another's
entry · D4 skipped steps ended in success · D5 answers were matched by their text · D6 the log was rewritten in place · D7 a
prompt without a newline hung · D8 a background child hung the command · D9 time-outs left grandchildren and lost output · D10
output that is no UTF-8 lost the command · D11 commands inherited every secret · D12 commands shared our stdin and stdout · D13
"done" was believed · D14 raised temperatures never reached the model · D15 later steps never saw earlier ones' outputs · D16 a
reply in a fence failed the step · D17 loops were missed and progress was flagged · D18 settings had no effect, old logs were
unreadable · D19 time limits by substring · D20 hostile repository addresses · D21 links were followed into the prompt · D22
keys, passwords and answers leaked · D23 hosts and passwords were trusted blindly · D24 failures exited with 0, or left no log
or no end · D25 prompts were garbled · D26 the log lost tails, reasons, times and costs · D27 static sites, planning without a
key and a command policy were missing
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

DEFECTS: dict[str, tuple[str, ...]] = {
    "D1": (
        "orchestrator/test_orchestrator.py::test_another_try_is_a_further_entry_and_nothing_is_overwritten",
        "model/test_fold.py::test_every_attempt_is_its_own_entry",
    ),
    "D2": ("drivers/test_history_view.py::test_a_long_step_is_shortened_by_rule_and_the_log_keeps_all",),
    "D3": (
        "model/test_fold.py::test_only_the_last_step_entry_ever_changes",
        "orchestrator/test_orchestrator.py::test_a_skipped_step_blocks_its_dependents_and_the_run_is_no_success",
    ),
    "D4": (
        "orchestrator/test_orchestrator.py::test_skipping_deploy_or_verify_is_never_a_success",
        "orchestrator/test_orchestrator.py::test_a_plan_without_a_verified_app_is_no_success",
    ),
    "D5": ("orchestrator/test_orchestrator.py::test_free_text_never_decides",),
    "D6": (
        "deploy_log/test_writers.py::test_a_polling_reader_never_sees_a_torn_file",
        "faults/test_recorder_faults.py::test_sigkill_loses_nothing_acknowledged_and_the_sweep_marks_it",
    ),
    "D7": ("sessions/test_contract.py::test_d7_a_prompt_without_a_newline_is_told_and_ended",),
    "D8": ("sessions/test_contract.py::test_d8_a_background_child_holding_the_pipe_does_not_hang_and_is_ended",),
    "D9": ("sessions/test_contract.py::test_d9_a_time_out_ends_grandchildren_and_keeps_partial_output",),
    "D10": ("sessions/test_contract.py::test_d10_bytes_that_are_no_utf8_are_kept",),
    "D11": (
        "sessions/test_contract.py::test_d11_the_environment_is_an_allow_list",
        "settings/test_keys.py::test_no_command_sees_a_key",
    ),
    "D12": ("sessions/test_contract.py::test_d12_stdin_is_empty_there_is_no_terminal_and_our_stdout_stays_clean",),
    "D13": (
        "drivers/test_llm_driver.py::test_d13_done_without_commands_counts_only_when_the_checks_pass",
        "orchestrator/test_orchestrator.py::test_a_step_is_successful_only_when_its_checks_pass",
    ),
    "D14": (
        "llm/test_client.py::test_d14_a_raised_temperature_reaches_the_model_for_one_call_only",
        "drivers/test_llm_driver.py::test_d14_a_raised_temperature_is_for_one_call",
    ),
    "D15": ("drivers/test_llm_driver.py::test_d15_later_steps_see_what_earlier_ones_brought",),
    "D16": (
        "llm/test_replies.py::test_d16_the_first_complete_object_is_taken_out_of_what_surrounds_it",
        "drivers/test_llm_http.py::test_d16_fences_prose_lists_and_cut_replies_do_not_end_the_step",
    ),
    "D17": (
        "drivers/test_loops.py::test_d17_near_identical_long_outputs_are_a_loop",
        "drivers/test_loops.py::test_d17_an_alternating_pattern_is_a_loop",
        "drivers/test_loops.py::test_d17_three_identical_health_polls_are_patience",
    ),
    "D18": (
        "drivers/test_llm_driver.py::test_d18_the_threshold_of_a_setting_is_used",
        "drivers/test_llm_driver.py::test_d18_without_detection_nothing_intervenes",
        "runner/test_settings_in_use.py::test_d18_the_limit_of_turns_ends_the_step_and_is_named",
        "deploy_log/test_reader.py::test_a_1_0_log_is_upgraded_in_memory",
    ),
    "D19": ("sessions/test_timeouts.py::test_d19_force_and_file_options_are_no_follow",),
    "D20": (
        "analysis/test_source.py::test_hostile_or_unclear_input_is_refused_with_a_way_on",
        "analysis/test_source.py::test_what_git_and_people_write",
    ),
    "D21": (
        "analysis/test_tree.py::test_a_link_out_of_the_repository_is_not_read",
        "deployments/test_llm.py::test_d21_what_a_link_points_at_and_what_is_hidden_is_not_sent",
    ),
    "D22": (
        "llm/test_secrets.py::test_d22_the_key_is_in_no_error_and_no_log_whatever_the_server_says",
        "analysis/test_source.py::test_credentials_are_kept_apart_and_never_shown",
        "runner/test_settings_in_use.py::test_d22_a_secret_answer_is_masked_everywhere",
        "runner/test_settings_in_use.py::test_d22_a_process_of_its_own_gets_the_key_through_a_pipe_alone",
        "deploy_log/test_recorder.py::test_files_are_private",
        "deployments/test_llm.py::test_d22_the_key_leaves_for_the_provider_alone",
    ),
    # Deployments run on this machine alone: a host whose key nobody compared is no target, and no command is given a password.
    "D23": (
        "runner/test_attached.py::test_bad_requests_fail_at_once_without_a_log",
        "sessions/test_contract.py::test_d12_stdin_is_empty_there_is_no_terminal_and_our_stdout_stays_clean",
        "policy/test_fixtures.py::test_asked",
    ),
    "D24": (
        "cli/test_deploy.py::test_exit_codes_and_kinds",
        "runner/test_attached.py::test_a_refusal_installs_nothing_leaves_no_directory_and_has_a_log",
        "runner/test_attached.py::test_shutdown_marks_running_deployments_interrupted",
        "deployments/test_llm.py::test_d24_a_model_that_cannot_be_asked_leaves_an_end_and_a_log",
    ),
    "D25": (
        "planning/test_llm_planner.py::test_d25_the_target_is_named_as_it_is",
        "planning/test_llm_planner.py::test_d25_nothing_asks_for_prose_beside_the_reply_or_has_doubled_braces",
        "drivers/test_llm_prompts.py::test_d25_every_prompt_renders_without_leftovers",
    ),
    "D26": (
        "deploy_log/test_recorder.py::test_long_output_keeps_head_and_tail_and_says_when_the_file_was_capped",
        "deployments/test_llm.py::test_d26_reasons_times_and_tokens_are_in_the_log",
    ),
    "D27": (
        "planning/test_static.py::test_the_usual_folders",
        "deployments/test_llm.py::test_d27_a_server_without_a_key_plans_and_never_loads_openai",
        "policy/test_fixtures.py::test_denied",
        "deploy_log/test_recorder.py::test_a_taken_name_gets_a_number",
    ),
}


def test_every_defect_has_a_test() -> None:
    assert list(DEFECTS) == [f"D{number}" for number in range(1, 28)]
    assert all(DEFECTS.values())


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_tests_of_a_defect_are_there(defect: str) -> None:
    for test in DEFECTS[defect]:
        file, _, name = test.partition("::")
        assert name in _tests_in(TESTS / file), test


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
