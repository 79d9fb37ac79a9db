"""The conversation with the model about one failed step: it replies with an action, is told what came of it, and so on.

It ends when the step's checks pass (the executor then closes the driver), or with the reason why the step fails.
"""

from __future__ import annotations

from ..llm.prompting import render
from ..llm.untrusted import untrusted
from ..model.actions import (
    Action,
    AskUser,
    ChangePlan,
    ChecksFailed,
    Execute,
    Observation,
    Refused,
    Repair,
    StepDone,
    StepFailed,
    Stopped,
    Tell,
)
from ..model.errors import ModelError
from ..model.log import CommandRecord
from ..model.plan import PlannedCommand
from ..model.ports import LanguageModel, StepContext
from ..model.questions import Answer
from ..model.reasons import Kind, Reason
from .dialogue import Perform, until_failed
from .history_view import Exchange, HistoryView
from .ladder import Ladder, Rung
from .llm_app_changes import corrected_plan
from .llm_briefing import guidance, opening_message, system_message
from .llm_compression import HistoryCompression
from .llm_endings import given_up, not_helped, stuck
from .llm_folder import WorkFolder, work_folder
from .llm_loops import loop_line, loop_question, loop_text
from .llm_observations import command_line, command_observation, in_one_line
from .llm_questions import ANSWER_VARIABLE, answer_text, question_of, secret_observation
from .llm_replies import AskTheUser, ClaimDone, Decision, GiveUp, RunCommand, StepReply, outputs_of
from .llm_waiting import StepStoppedError, timeout_with, unless_stopped
from .loops import Attempted, Purpose, normalised_output, purpose_of
from .recipe import RecipeDriver, checks_reason, refusal_text, still_to_run
from .start_app import STOPPED, StartAppDriver

_FAILURE_TOKENS = 1500
_LONGEST_REASON = 500


class RepairConversation:
    """One conversation; use it once."""

    def __init__(self, ctx: StepContext, model: LanguageModel, perform: Perform) -> None:
        self._ctx, self._model, self._perform_action = ctx, model, perform
        settings = ctx.deploy.settings
        self._ladder = Ladder(settings.loop_detection, base_temperature=settings.llm.temperature, interactive=ctx.interactive)
        self._answers: dict[str, str] = {}
        """Secret answers, by the environment variable that holds them."""
        self._asked = 0
        self._done_since = set[Purpose]()
        """What kinds of commands ran since the checks were last asked for."""

    async def until_failed(self, failure: Reason) -> StepFailed:
        """Talk until the step fails; when it succeeds, the driver is closed meanwhile."""
        self._failure = failure
        try:
            await self._open()
            while True:
                failed = await self._act(await self._reply())
                if failed is not None:
                    return failed
        except ModelError as error:
            return StepFailed(not_helped(self._failure, error))
        except StepStoppedError:
            return StepFailed(STOPPED)

    async def _open(self) -> None:
        self._folder: WorkFolder = await work_folder(self._ctx.deploy)
        self._view = HistoryView(system_message(), opening_message(self._ctx, self._folder, self._failure))
        self._compression = HistoryCompression(self._ctx, self._model, self._view)

    async def _reply(self) -> Decision:
        for told in await self._compression.shorten():
            await self._perform(told)
        call = self._model.ask(
            self._view.messages(), StepReply, purpose="step", step_id=self._ctx.step.id,
            temperature=self._ladder.take_temperature(),
        )  # fmt: skip
        return (await unless_stopped(self._ctx.stop, call)).next

    async def _act(self, reply: Decision) -> StepFailed | None:
        """Do what the model wants; the end of the step, or None to go on."""
        match reply:
            case RunCommand():
                rung = await self._run(reply)
            case AskTheUser():
                rung = await self._ask(reply)
            case ClaimDone():
                rung = await self._claim(reply)
            case GiveUp():
                return StepFailed(given_up(self._failure, reply))
        return None if rung is None else await self._climb(rung)

    async def _run(self, reply: RunCommand) -> Rung | None:
        if (loop := self._ladder.refusal_of(reply.command)) is not None:
            self._not_run(reply, f"it would repeat what brought nothing. {loop.evidence}")
            return self._ladder.saw_repeat(loop)
        cwd = await self._folder.resolve(reply.cwd)
        if cwd is None:
            self._not_run(reply, f"{reply.cwd} is not there, or not inside the deploy directory {self._folder.root}.")
            return self._ladder.saw_nothing()
        observed = await self._perform(Execute(
            PlannedCommand(
                command=reply.command, cwd=cwd, env=dict(self._answers), reasoning=in_one_line(reply.reasoning, _LONGEST_REASON),
                source="llm",
            ),
            source="llm", timeout_s=timeout_with(reply.timeout_hint, reply.command),
        ))  # fmt: skip
        if isinstance(observed, Refused):
            self._not_run(reply, refusal_text(observed.policy))
            return self._ladder.saw_nothing()
        if not isinstance(observed, CommandRecord) or observed.stopped:
            raise StepStoppedError
        self._done_since.add(purpose_of(reply.command))
        seen = command_observation(observed)
        if observed.success and reply.then_retry:
            await self._tell_repair(reply.reasoning or reply.command)
            self._failure = await self._retry()
            seen = f"{seen}\n\n{_not_done(self._failure.message)}"
        self._add(reply, seen, command_line(observed), vital=reply.then_retry or not observed.success)
        return self._ladder.saw_command(observed)

    def _not_run(self, reply: RunCommand, why: str) -> None:
        line = f"`{in_one_line(reply.command)}`: not run, {in_one_line(why)}"
        self._add(reply, render("step_not_run", why=untrusted("why", why, max_tokens=_FAILURE_TOKENS)), line, vital=True)

    async def _ask(self, reply: AskTheUser) -> Rung | None:
        question_line = f"asked the user: {in_one_line(reply.question)}"
        if not self._ctx.interactive:
            nobody = render("step_no_answer", why="nobody can answer in this deployment.")
            self._add(reply, nobody, f"{question_line}; nobody there")
            return self._ladder.saw_nothing()
        self._asked += 1
        question = question_of(reply, self._ctx, self._asked)
        answer = await self._answer(AskUser(question))
        said = answer_text(question, answer)
        if question.kind == "secret" and answer.text:
            variable = f"{ANSWER_VARIABLE}_{self._asked}"
            self._answers[variable] = answer.text
            said = ""
            line = f"{question_line}; the answer is in ${variable}"
            self._add(reply, secret_observation(variable, self._ctx), line, vital=True)
        elif answer.timed_out or not said:
            taken = f" The safe default was taken: {said}." if said else ""
            self._add(reply, render("step_no_answer", why=f"nobody answered in time.{taken}"), f"{question_line}; no answer")
            return self._ladder.saw_nothing()
        else:
            self._add(reply, render("step_answer", text=said), f"{question_line}; the answer: {in_one_line(said)}", vital=True)
        self._ladder.user_spoke()
        return None

    async def _claim(self, reply: ClaimDone) -> Rung | None:
        """The model says it is done: its corrections go into the plan, then checks (and for apps a fresh start) decide."""
        plan = self._ctx.deploy.plan
        refused = await self._correct(reply)
        if refused is not None:
            self._add(reply, _not_done(refused), f"said done: {in_one_line(refused)}", vital=True)
            return self._ladder.saw_nothing()
        corrected = self._ctx.deploy.plan is not plan
        if "change" in self._done_since and not corrected:  # a correction tells its reason itself
            await self._tell_repair(reply.message)
        idle = not self._done_since and not corrected
        self._failure = await self._prove(reply)
        self._done_since.clear()
        message = self._failure.message
        self._add(reply, _not_done(message), f"said done, but: {in_one_line(message)}", vital=True)
        if idle:
            return self._ladder.saw_nothing()
        error = " ".join(message.split())
        return self._ladder.saw(Attempted("the step's checks", "the step's checks", 0, 1, normalised_output(message), error))

    async def _correct(self, reply: ClaimDone) -> str | None:
        """Put the model's corrections of the app into the plan; why not, when that cannot be."""
        try:
            plan = corrected_plan(self._ctx.deploy.plan, reply)
        except ModelError as error:
            return error.message
        if plan is None:
            return None
        why = Reason(kind=self._failure.kind, message=f"The model corrects the app: {in_one_line(reply.message, _LONGEST_REASON)}")
        observed = await self._perform(ChangePlan(plan, why))
        if isinstance(observed, Refused):
            return refusal_text(observed.policy)
        self._ctx.step = next(step for step in plan.steps if step.id == self._ctx.step.id)
        return None

    async def _prove(self, reply: ClaimDone) -> Reason:
        """Why the step is not done after all; when it is, this never returns.

        An app that failed its verification was taken back: it has to be started and proven anew. Where a step has no checks, its
        planned commands are the proof.
        """
        if self._ctx.step.driver != "commands" or not self._ctx.step.checks:
            return await self._retry()
        checked = await self._perform(StepDone(outputs_of(reply)))
        return checks_reason(checked) if isinstance(checked, ChecksFailed) else self._failure

    async def _retry(self) -> Reason:
        """Why what was planned fails again; when it does not, this never returns: the step is done."""
        driver = RecipeDriver(still_to_run(self._ctx)) if self._ctx.step.driver == "commands" else StartAppDriver()
        failed = await until_failed(driver, self._ctx, self._perform_action)
        if failed is None or failed.reason.kind is Kind.CANCELLED_BY_USER:
            raise StepStoppedError
        return failed.reason

    async def _tell_repair(self, how: str) -> None:
        why = f"{in_one_line(self._failure.message)} Mended by the model: {in_one_line(how, _LONGEST_REASON)}"
        await self._perform(Repair(Reason(kind=self._failure.kind, message=why)))

    async def _climb(self, rung: Rung) -> StepFailed | None:
        """Intervene in a loop; the end of the step when there is no way out of it."""
        await self._perform(Tell(kind="loop", message=loop_line(rung)))
        if rung.kind == "give_up":
            return StepFailed(stuck(self._failure, rung.loop.evidence))
        if rung.kind != "ask":
            self._view.append(loop_text(rung, self._view.exchanges), loop_line(rung))
            return None
        self._asked += 1
        answer = await self._answer(AskUser(loop_question(self._ctx, rung.loop, self._asked)))
        hint = ". ".join(filter(None, (answer.text, answer.guidance)))
        if answer.option_id == "stop" or not (answer.option_id or hint):
            return StepFailed(stuck(self._failure, rung.loop.evidence))
        self._ladder.user_spoke()
        said = hint or "go on trying, but differently."
        self._view.append(guidance(said), f"the user said: {in_one_line(said)}")
        return None

    def _add(self, reply: Decision, observation: str, line: str, *, vital: bool = False) -> None:
        said = StepReply(next=reply).model_dump_json(exclude_none=True)
        self._view.add(Exchange(said, observation, in_one_line(line, 400), vital=vital))

    async def _answer(self, action: AskUser) -> Answer:
        answer = await self._perform(action)
        if not isinstance(answer, Answer) or (answer.cancelled and self._ctx.stop.is_set()):
            raise StepStoppedError
        return answer

    async def _perform(self, action: Action) -> Observation:
        observed = await self._perform_action(action)
        if isinstance(observed, Stopped):
            raise StepStoppedError
        return observed


def _not_done(why: str) -> str:
    return render("step_checks_failed", failure=untrusted("failure", why, max_tokens=_FAILURE_TOKENS))
