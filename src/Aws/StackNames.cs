namespace Aws;

/// <summary>What an environment's stacks are called, and those of their resources that have fixed names.</summary>
public static class StackNames
{
    /// <summary>The stack of staged data and tokens.</summary>
    public static string Data(string environment) => $"influx-migrate-{environment}-data";

    /// <summary>The stack of functions and state machine.</summary>
    public static string Pipeline(string environment) => $"influx-migrate-{environment}-pipeline";

    /// <summary>
    /// The state machine, whose name is fixed: locks, marks and schedules hold ARNs of it and of its executions, which a pipeline that
    /// is destroyed and deployed again must not change.
    /// </summary>
    public static string StateMachine(string environment) => $"influx-migrate-{environment}";

    /// <summary>The rule that tells the ends of executions; named, as the policies that let it tell them name it.</summary>
    public static string EndsRule(string environment) => $"influx-migrate-{environment}-ends";
}

/// <summary>Those outputs of the stacks that the command reads.</summary>
public static class OutputNames
{
    /// <summary>Of the pipeline: what an execution is started of.</summary>
    public const string StateMachineArn = "StateMachineArn";

    /// <summary>Of the pipeline: the state machine's page in the console.</summary>
    public const string ConsoleUrl = "ConsoleUrl";

    /// <summary>Of the pipeline: the managed policy for people who start and watch migrations.</summary>
    public const string OperatePolicyArn = "OperatePolicyArn";

    /// <summary>Of the pipeline: the managed policy for people who read reports.</summary>
    public const string ReadReportsPolicyArn = "ReadReportsPolicyArn";

    /// <summary>Of the data: the staging bucket.</summary>
    public const string StagingBucketName = "StagingBucketName";
}
