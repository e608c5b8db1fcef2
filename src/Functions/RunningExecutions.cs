using Aws;
using Functions.Logs;
using Influx;
using Microsoft.Extensions.Logging;

namespace Functions;

/// <summary>Whether executions that hold something still go on.</summary>
internal static class RunningExecutions
{
    // arn:PARTITION:states:REGION:ACCOUNT:execution:MACHINE:NAME
    private const int PartsOfMachine = 7;

    /// <summary>
    /// Whether an execution runs. One that Step Functions has forgotten does not, nor one of another state machine that may not be asked
    /// for: the staging bucket outlives its machine, and what the machine before it left there must not hold anything for good.
    /// </summary>
    /// <param name="stepFunctions">Step Functions.</param>
    /// <param name="executionArn">The execution.</param>
    /// <param name="own">Who asks: an execution of the machine that is deployed now.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TransientException">Step Functions could not answer.</exception>
    public static async Task<bool> IsRunningAsync(
        this StepFunctionsClient stepFunctions, string executionArn, ExecutionReference own, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            var execution = await stepFunctions.DescribeExecutionAsync(executionArn, cancellationToken);
            return execution.IsRunning;
        }
        catch (AwsException gone) when (gone.ErrorCode is AwsException.ExecutionDoesNotExist or AwsException.InvalidArn)
        {
            return false;
        }
        // Of the own machine a denial says nothing: the execution may run all the same.
        catch (AwsException denied) when (denied.IsDenied && MachineOf(executionArn) != MachineOf(own.Id))
        {
            logger.HolderOfAnotherMachine(executionArn);
            return false;
        }
        catch (AwsException failure) when (failure.IsTransient)
        {
            throw new TransientException($"asking for the execution {executionArn} failed: {failure.Message}", inner: failure);
        }
    }

    private static string MachineOf(string executionArn) => string.Join(':', executionArn.Split(':').Take(PartsOfMachine));
}
