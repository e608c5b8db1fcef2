using Amazon.CDK;
using Amazon.CDK.AWS.Lambda;
using Aws;
using Constructs;

namespace Infra;

/// <summary>What moves data and holds none: it can be destroyed and deployed again at any time.</summary>
public sealed class PipelineStack : Stack
{
    /// <summary>Builds it.</summary>
    public PipelineStack(Construct scope, string id, EnvironmentSettings settings, DataStack data, Code code, IStackProps props)
        : base(scope, id, props)
    {
        var network = settings.Vpc is { } vpc ? new Network(this, "Network", vpc, settings, data) : null;
        var functions = new MigrationFunctions(this, "Functions", new MigrationFunctionsProps { Settings = settings, Code = code, Data = data, Network = network });
        var machine = new MigrationStateMachine(this, "Migration", settings, functions, data);
        var schedules = new Schedules(this, "Schedules", settings.Schedules, machine.StateMachine);
        var rotation = functions.Rotate is { } rotate ? new SecretRotation(this, "Rotation", settings.Rotation!, rotate, data) : null;
        var observability = new Observability(this, "Observability", new ObservabilityProps
        {
            Settings = settings,
            Functions = functions,
            Machine = machine,
            Schedules = schedules,
            Rotation = rotation,
        });
        var dashboard = new MigrationDashboard(this, "Dashboard", settings, functions, machine, data.StagingBucket);
        var policies = new OperatorPolicies(this, "Operators", settings, machine, data);

        var arn = machine.StateMachine.StateMachineArn;
        var console = $"https://{Region}.console.aws.amazon.com";
        Output(OutputNames.StateMachineArn, arn, "What an execution is started of");
        Output(OutputNames.ConsoleUrl, $"{console}/states/home?region={Region}#/statemachines/view/{arn}", "Start and watch executions here");
        Output("DashboardUrl", $"{console}/cloudwatch/home?region={Region}#dashboards:name={dashboard.Dashboard.DashboardName}", "Stages, lag, what was left out, cost drivers");
        Output("StartCommand", $"aws stepfunctions start-execution --region {Region} --state-machine-arn {arn} --name NAME --input file://events/start-migration.json", "Starts a migration from a file");
        Output("TopicArn", observability.Topic.TopicArn, "Subscribe to hear of alarms and ends");
        Output(OutputNames.OperatePolicyArn, policies.Operate.ManagedPolicyArn, "For people who start and watch migrations");
        Output(OutputNames.ReadReportsPolicyArn, policies.ReadReports.ManagedPolicyArn, "For people who read reports");
        if (network is not null)
            Output("FunctionSecurityGroup", network.SecurityGroup.SecurityGroupId, "Let this group in at the servers");
    }

    private void Output(string name, string value, string description) =>
        _ = new CfnOutput(this, name, new CfnOutputProps { Value = value, Description = description });
}
