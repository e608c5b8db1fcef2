using Aws;
using Functions.Handlers;
using Functions.Rotation;
using Functions.Runtime;
using Influx;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TestServers;

namespace Functions.Tests;

/// <summary>The rotation's handler with a Secrets Manager as strict as the real one, and proxies that can cut every call after it was done.</summary>
internal sealed class RotationBench : IAsyncDisposable
{
    public const string Secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rotated-AbCdEf";
    public const string Admin = "arn:aws:secretsmanager:us-east-1:123456789012:secret:admin-GhIjKl";
    public static readonly TimeSpan Grace = TimeSpan.FromDays(15);

    private readonly AwsJsonServer aws;
    private readonly FaultProxy awsProxy;
    private readonly SecretsManagerClient client;
    private readonly TimestreamClient timestream;

    private RotationBench(AwsJsonServer aws, FaultProxy awsProxy, FaultProxy influx)
    {
        this.aws = aws;
        this.awsProxy = awsProxy;
        Influx = influx;
        Secrets = new SecretsManagerState(aws, Time);
        client = new SecretsManagerClient(Config(SecretsManagerClient.Service), AwsJsonClientTests.Credentials);
        timestream = new TimestreamClient(Config(TimestreamClient.Service), AwsJsonClientTests.Credentials);
        foreach (var proxy in (FaultProxy[])[awsProxy, influx])
        {
            // The call is done and its answer lost; the process is dead from then on.
            proxy.On(_ => Crash.IsNow(), times: int.MaxValue).CutAfter();
            proxy.On(_ => Crash.IsOver, times: int.MaxValue).CutBefore();
        }
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public SecretsManagerState Secrets { get; }

    public AwsJsonServer Aws => aws;

    public FaultProxy Influx { get; }

    public CrashPoint Crash { get; } = new();

    public CollectedLog Log { get; } = new();

    /// <summary>Where the function may connect to: the loopback servers of the tests.</summary>
    public InputRules Rules { get; set; } = new() { Hosts = AllowedHosts.Parse("127.0.0.1,http://127.0.0.1"), AllowPlainHttp = true };

    public static async Task<RotationBench> StartAsync(Uri influx)
    {
        var started = await AwsJsonServer.StartAsync();
        return new RotationBench(started, await FaultProxy.StartAsync(started.Url), await FaultProxy.StartAsync(influx));
    }

    public string Url => Influx.Url.GetLeftPart(UriPartial.Authority);

    public Task<RotationAnswer> StepAsync(string step, string version = "", string secret = Secret)
    {
        var grace = new RotationGrace(Grace, Time);
        var retry = new RetryPolicy(new RetrySettings { MaxRetries = 0 }, Time, new Random(1));
        var handler = new RotateHandler(client, new AdminConnection(client, timestream, grace, Rules, Log), retry, Log);
        var payload = new RotationPayload { Step = step, SecretId = secret, ClientRequestToken = version };
        return handler.HandleAsync(payload, new Invocation("r", DateTimeOffset.MaxValue, null), CancellationToken.None);
    }

    /// <summary>The four steps in Secrets Manager's order.</summary>
    public async Task RotateAsync(string version, string secret = Secret)
    {
        foreach (var step in RotationSteps.All.Except([RotationSteps.Cleanup]))
            await StepAsync(step, version, secret);
    }

    /// <summary>A whole rotation.</summary>
    public async Task<string> RotateAsync()
    {
        var version = Secrets.BeginRotation(Secret);
        await RotateAsync(version);
        return version;
    }

    /// <summary>Switches the rotation on, and has it tried as Secrets Manager does.</summary>
    public Task SwitchOnAsync(bool copied) => Secrets.SwitchOnAsync(Secret, copied, version => StepAsync(RotationSteps.Test, version));

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        timestream.Dispose();
        await Influx.DisposeAsync();
        await awsProxy.DisposeAsync();
        await aws.DisposeAsync();
        Assert.Empty(aws.Violations);
    }

    private AwsConfig Config(AwsJsonService service) => new(service)
    {
        ServiceURL = awsProxy.Url.AbsoluteUri,
        AuthenticationRegion = AwsJsonServer.Region,
        MaxErrorRetry = 0,
    };
}

/// <summary>The call after which a process is dead: of all its calls, whoever they go to.</summary>
internal sealed class CrashPoint
{
    private int at = int.MaxValue;
    private int seen;

    public bool IsOver => Volatile.Read(ref seen) > at;

    /// <summary>Whether the process died.</summary>
    public bool Happened => Volatile.Read(ref seen) >= at;

    public bool IsNow() => Interlocked.Increment(ref seen) == at;

    public void After(int call) => (at, seen) = (call, 0);

    public void Never() => (at, seen) = (int.MaxValue, 0);
}

/// <summary>What was logged, as texts.</summary>
internal sealed class CollectedLog : ILogger
{
    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines => lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Add($"{logLevel} {formatter(state, exception)}");
}
