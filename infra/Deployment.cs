using Amazon.CDK;
using Amazon.CDK.AWS.Lambda;
using Aws;

namespace Infra;

/// <summary>The stacks of one environment.</summary>
public sealed class Deployment
{
    /// <summary>Builds both stacks.</summary>
    /// <param name="app">The app.</param>
    /// <param name="settings">The environment.</param>
    /// <param name="code">The functions' executable.</param>
    public Deployment(App app, EnvironmentSettings settings, Code code)
    {
        Data = new DataStack(app, StackNames.Data(settings.Name), settings, Props("staged data and tokens"));
        Pipeline = new PipelineStack(app, StackNames.Pipeline(settings.Name), settings, Data, code, Props("functions, state machine and alarms"));
        Tags.Of(app).Add("application", "influx-migrate");

        StackProps Props(string what) => new()
        {
            Env = new Amazon.CDK.Environment { Account = settings.Account, Region = settings.Region },
            Description = $"influx-migrate, {settings.Name}: {what}",
            TerminationProtection = settings.Production,
        };
    }

    /// <summary>What outlives the pipeline.</summary>
    public DataStack Data { get; }

    /// <summary>What moves data.</summary>
    public PipelineStack Pipeline { get; }
}
