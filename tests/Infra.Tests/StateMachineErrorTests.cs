using Migration;

namespace Infra.Tests;

/// <summary>Which errors the state machine tries again, for how long, and which end it.</summary>
public sealed class StateMachineErrorTests(SynthesisedStacks stacks)
{
    // Of the functions it is their own error; the others are what Lambda's Invoke answers, as Step Functions names it.
    private static readonly Rule[] Retried =
    [
        // No invocation is free, which may last as long as other executions do.
        new(["Lambda.TooManyRequestsException"], IntervalSeconds: 2, MaxAttempts: 6_200, MaxDelaySeconds: 420),
        new([ErrorNames.Transient], IntervalSeconds: 5, MaxAttempts: 8, MaxDelaySeconds: 300),
        // Lambda itself failed, or the process did.
        new(
            [
                "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.ClientExecutionTimeoutException", "Lambda.Unknown",
                "Runtime.ExitError", "Sandbox.Timedout", "States.Timeout",
            ],
            IntervalSeconds: 2, MaxAttempts: 5, MaxDelaySeconds: 60),
        // A function that slept or is being deployed, and a VPC that has no addresses or interfaces left: an hour for others to end or act.
        new(
            [
                "Lambda.ResourceNotReadyException", "Lambda.ResourceConflictException", "Lambda.EC2ThrottledException", "Lambda.EC2UnexpectedException",
                "Lambda.ENILimitReachedException", "Lambda.SubnetIPAddressLimitReachedException",
            ],
            IntervalSeconds: 10, MaxAttempts: 30, MaxDelaySeconds: 300),
        // What somebody has to mend; only rights that were granted just now come a minute later.
        new(
            [
                "Lambda.EC2AccessDeniedException", "Lambda.InvalidSecurityGroupIDException", "Lambda.InvalidSubnetIDException",
                "Lambda.KMSAccessDeniedException", "Lambda.KMSDisabledException", "Lambda.KMSInvalidStateException", "Lambda.KMSNotFoundException",
            ],
            IntervalSeconds: 5, MaxAttempts: 4, MaxDelaySeconds: 30),
    ];

    private readonly StateMachineJson machine = new(stacks.All[0].PipelineJson);

    [Fact]
    public void Every_function_is_retried_for_the_same_errors_and_as_long()
    {
        var invoking = machine.AllStates.Where(state => state.Invokes).ToList();

        Assert.Equal(8, invoking.Count);
        Assert.All(invoking, state => Assert.Equal(Retried.Select(rule => rule.ToString()), state.Retries.Select(retry => Rule.Of(retry).ToString())));
        // Nothing else calls a function, so no state has a list of its own.
        Assert.All(machine.AllStates.Where(state => state.Kind == "Task" && !state.Invokes), state => Assert.Equal("arn:aws:states:::aws-sdk:s3:putObject", (string)state.Json["Resource"]!));
    }

    [Fact]
    public void Every_retry_backs_off_with_full_jitter_up_to_a_cap() => Assert.All(machine.AllStates.SelectMany(state => state.Retries), retry =>
    {
        Assert.Equal("FULL", (string)retry["JitterStrategy"]!);
        Assert.True((int)retry["BackoffRate"]! > 1);
        Assert.InRange((int)retry["MaxDelaySeconds"]!, 1, 600);
        Assert.InRange((int)retry["MaxAttempts"]!, 1, 99_999_999);
    });

    [Fact]
    public void What_was_refused_is_never_tried_again_and_no_name_stands_twice()
    {
        var retried = Retried.SelectMany(rule => rule.Errors).ToList();

        Assert.Equal([ErrorNames.Transient], retried.Intersect(ErrorNames.All));
        Assert.DoesNotContain("States.ALL", retried);
        Assert.Equal(retried.Count, retried.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Every_error_that_is_caught_is_known()
    {
        var caught = machine.AllStates.SelectMany(state => state.Catches).SelectMany(rule => rule["ErrorEquals"].Texts()).Distinct(StringComparer.Ordinal);

        Assert.Empty(caught.Except(ErrorNames.All).Except(["States.ALL"]));
        // What is left over after its retries is caught as well, with its own name.
        Assert.All(machine.AllStates.Where(state => state.Kind is "Task" or "Map"), state => Assert.Equal("States.ALL", state.Catches.Last()["ErrorEquals"].Texts().Single()));
    }

    [Fact]
    public void What_somebody_has_to_mend_ends_within_two_minutes() =>
        Assert.All(Retried[^1..], rule => Assert.InRange(Enumerable.Range(0, rule.MaxAttempts).Sum(n => Math.Min(rule.MaxDelaySeconds, rule.IntervalSeconds * Math.Pow(2, n))), 1, 120));

    private sealed record Rule(IReadOnlyList<string> Errors, int IntervalSeconds, int MaxAttempts, int MaxDelaySeconds)
    {
        public static Rule Of(System.Text.Json.Nodes.JsonObject retry) =>
            new(retry["ErrorEquals"].Texts(), (int)retry[nameof(IntervalSeconds)]!, (int)retry[nameof(MaxAttempts)]!, (int)retry[nameof(MaxDelaySeconds)]!);

        public override string ToString() => $"{string.Join(", ", Errors)}: {IntervalSeconds} s, {MaxAttempts} times, at most {MaxDelaySeconds} s";
    }
}
