using Amazon.CDK;
using Amazon.CDK.AWS.CloudWatch;
using Amazon.CDK.AWS.S3;
using Constructs;
using Functions;
using Functions.Logs;

namespace Infra;

/// <summary>The environment's one dashboard: a row a stage, then lag, what was left out, and what costs money.</summary>
internal sealed class MigrationDashboard : Construct
{
    /// <summary>Builds it.</summary>
    public MigrationDashboard(
        Construct scope, string id, EnvironmentSettings settings, MigrationFunctions functions, MigrationStateMachine machine, IBucket stagingBucket)
        : base(scope, id)
    {
        var metrics = new StageMetrics(settings.Name);
        Dashboard = new Dashboard(this, "Dashboard", new DashboardProps { DefaultInterval = Duration.Hours(12) });
        Row(
            $"Executions, {settings.Name}",
            Graph("Executions", machine.StateMachine.MetricStarted(), machine.StateMachine.MetricSucceeded(), machine.StateMachine.MetricFailed(), machine.StateMachine.MetricTimedOut()),
            // Of an incremental run that had nothing to do, validate tells.
            Graph(
                "Lag of the destination, seconds", metrics.Of(MetricNames.LagSeconds, HandlerNames.Report, "Maximum"),
                metrics.Of(MetricNames.LagSeconds, HandlerNames.Validate, "Maximum")),
            Graph(
                "Points left out", metrics.Of(MetricNames.PointsRejected, HandlerNames.Export),
                metrics.Of(MetricNames.PointsQuarantined, HandlerNames.Import),
                metrics.Of(MetricNames.PointsQuarantined, HandlerNames.Verify)));
        Stage(HandlerNames.Export, MetricNames.PointsRead);
        Stage(HandlerNames.Import, MetricNames.PointsWritten);
        Stage(HandlerNames.Verify, MetricNames.PointsRead);
        Row(
            "What costs money",
            Graph("Function seconds by 1,000", [.. functions.ByHandler.Values.Select(function => function.MetricDuration(new MetricOptions { Statistic = "Sum" }))]),
            Graph("Invocations", [.. functions.ByHandler.Values.Select(function => function.MetricInvocations())]),
            Graph("Bytes in the staging bucket", new Metric(new MetricProps
            {
                Namespace = "AWS/S3",
                MetricName = "BucketSizeBytes",
                DimensionsMap = new Dictionary<string, string> { ["BucketName"] = stagingBucket.BucketName, ["StorageType"] = "StandardStorage" },
                Statistic = "Average",
                Period = Duration.Days(1),
            })));

        void Stage(string handler, string points)
        {
            var function = functions.ByHandler[handler];
            Row(
                FunctionRights.IdOf(handler),
                Graph("Points", metrics.Of(points, handler)),
                Graph("Seconds of a chunk, retries", metrics.Of(MetricNames.ChunkSeconds, handler, "Average"), metrics.Of(MetricNames.Retries, handler)),
                Graph("Errors, throttles, concurrency", function.MetricErrors(), function.MetricThrottles(), function.Metric("ConcurrentExecutions", new MetricOptions { Statistic = "Maximum" })));
        }
    }

    /// <summary>The dashboard.</summary>
    public Dashboard Dashboard { get; }

    private void Row(string title, params IWidget[] widgets)
    {
        Dashboard.AddWidgets(new TextWidget(new TextWidgetProps { Markdown = $"## {title}", Width = 24, Height = 1 }));
        Dashboard.AddWidgets(widgets);
    }

    private static GraphWidget Graph(string title, params IMetric[] metrics) =>
        new(new GraphWidgetProps { Title = title, Left = metrics, Width = 8, Height = 6 });
}
