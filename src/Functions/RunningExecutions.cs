using Aws;
using Influx;

namespace Functions;

/// <summary>Whether executions that hold something still go on.</summary>
internal static class RunningExecutions
{
    /// <summary>Whether an execution runs; one that Step Functions has forgotten does not.</summary>
    /// <exception cref="TransientException">Step Functions could not answer.</exception>
    public static async Task<bool> IsRunningAsync(this StepFunctionsClient stepFunctions, string executionArn, CancellationToken cancellationToken)
    {
        try
        {
            var execution = await stepFunctions.DescribeExecutionAsync(executionArn, cancellationToken);
            return execution.IsRunning;
        }
        catch (AwsException gone) when (gone.ErrorCode == AwsException.ExecutionDoesNotExist)
        {
            return false;
        }
        catch (AwsException failure) when (failure.IsTransient)
        {
            throw new TransientException($"asking for the execution {executionArn} failed: {failure.Message}", inner: failure);
        }
    }
}
