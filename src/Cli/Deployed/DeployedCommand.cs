using System.CommandLine;
using Amazon.Runtime;
using Aws;
using Influx;

namespace Cli.Deployed;

/// <summary>What the commands against AWS have in common: their options, and how their failures become sentences.</summary>
internal static class DeployedCommand
{
    /// <summary>The option that names the environment.</summary>
    public static Option<string> Environment(bool required = true) => new("--env") { Description = "The deployed environment: NAME of 'cdk deploy -c env=NAME'.", Required = required };

    /// <summary>The argument that names an execution.</summary>
    public static Argument<string> Execution() => new("EXECUTION") { Description = "The execution's name or ARN." };

    /// <summary>A command that speaks to AWS.</summary>
    public static Command Create(string name, string summary, string details = "") =>
        new DetailedCommand(name, summary, $"{details}With the AWS credentials, profile and region that AWS's tools use.");

    /// <summary>A command of this program as a person types it.</summary>
    public static string Line(string command, string environment, params string[] more) => ShellWords.Join(["influx-migrate", command, "--env", environment, .. more]);

    /// <summary>Runs a command's work; the one boundary.</summary>
    public static async Task<int> RunAsync(string environment, Func<DeployedEnvironment, Task<int>> work)
    {
        using var deployed = new DeployedEnvironment(environment);
        try
        {
            return await work(deployed);
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(Explain(failure, deployed), reached: false, stopped: null, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }

    /// <summary>Whether the same call may succeed later.</summary>
    public static bool IsTransient(Exception failure) => failure is AwsException { IsTransient: true } or AmazonClientException or HttpRequestException;

    private static Exception Explain(Exception failure, DeployedEnvironment deployed) => failure switch
    {
        AwsException { IsDenied: true } => new RejectedException(RejectionKind.Token, $"{failure.Message}. {Grant(OutputNames.OperatePolicyArn, deployed)}", failure),
        AwsException { IsUnknownCaller: true } => new RejectedException(
            RejectionKind.Token, $"AWS does not take these credentials ({failure.Message}): sign in again, or choose others by AWS_PROFILE", failure),
        RejectedException { Kind: RejectionKind.Token, InnerException: AmazonServiceException } =>
            new RejectedException(RejectionKind.Token, $"{failure.Message}. {Grant(OutputNames.ReadReportsPolicyArn, deployed)}", failure),
        // The instance's role, a sign-on that has ended: the provider says which.
        AmazonClientException when failure.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) => new RejectedException(
            RejectionKind.Token, $"AWS gave no credentials ({failure.Message}): sign in again, or choose others by AWS_PROFILE", failure),
        _ when IsTransient(failure) => new TransientException($"AWS did not answer ({failure.Message}): try again", inner: failure),
        AwsException => new RejectedException(RejectionKind.Invalid, failure.Message, failure),
        _ => failure,
    };

    private static string Grant(string output, DeployedEnvironment deployed) => deployed.KnownOutput(output) is { } policy
        ? $"The managed policy {policy} grants it: have it attached to you"
        : $"The managed policy in the output {output} of the stack '{StackNames.Pipeline(deployed.Name)}' grants it: have it attached to you";
}
