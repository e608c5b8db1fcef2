using Amazon.CDK;
using Amazon.CDK.AWS.CloudWatch;
using Functions.Logs;

namespace Infra;

/// <summary>The metrics that the functions write for one environment.</summary>
/// <param name="environment">The environment's name.</param>
internal sealed class StageMetrics(string environment)
{
    /// <summary>The namespace of all of them.</summary>
    public const string Namespace = "InfluxMigrate";

    /// <summary>A metric of one stage over five minutes.</summary>
    /// <param name="name">One of <see cref="Functions.Logs.MetricNames"/>.</param>
    /// <param name="handler">The stage's handler.</param>
    /// <param name="statistic">Sum, Average, Maximum.</param>
    public Metric Of(string name, string handler, string statistic = "Sum") => new(new MetricProps
    {
        Namespace = Namespace,
        MetricName = name,
        DimensionsMap = new Dictionary<string, string>
        {
            ["environment"] = environment,
            ["stage"] = handler,
        },
        Statistic = statistic,
        Period = Duration.Minutes(5),
        Label = $"{handler} {name}",
    });

    /// <summary>How far behind the runs of one mark ended.</summary>
    /// <param name="environment">The environment's name.</param>
    /// <param name="mark">The mark's name.</param>
    /// <param name="statistic">Maximum, SampleCount.</param>
    /// <param name="period">The time that it is taken over.</param>
    public static Metric LagOf(string environment, string mark, string statistic, TimeSpan period) => new(new MetricProps
    {
        Namespace = Namespace,
        MetricName = MetricNames.LagSeconds,
        DimensionsMap = new Dictionary<string, string>
        {
            ["environment"] = environment,
            [MetricNames.MarkDimension] = mark,
        },
        Statistic = statistic,
        Period = Duration.Minutes(period.TotalMinutes),
    });
}
