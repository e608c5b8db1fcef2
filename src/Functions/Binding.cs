using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aws;
using Functions.Handlers;
using Functions.Logs;
using Functions.Rotation;
using Functions.Runtime;
using Influx;
using Migration;

namespace Functions;

/// <summary>Binds a handler's name to its code: the payload's JSON comes in, the answer's JSON goes out, and time is watched.</summary>
internal static class Binding
{
    /// <summary>Makes the handler that the settings name.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public static InvocationHandler Create(Settings settings, JsonLogger logger, TimeProvider time)
    {
        var deployment = new Deployment(settings, logger, time);
        var json = FunctionsJson.Default;
        return settings.Handler switch
        {
            HandlerNames.Validate => Bind(json.ValidatePayload, json.MigrationState, new ValidateHandler(deployment).HandleAsync, time),
            HandlerNames.Plan => Bind(json.MigrationState, json.PlanAnswer, new PlanHandler(deployment).HandleAsync, time),
            HandlerNames.Export => Bind(json.MigrationState, json.ChunkAnswer, new ExportHandler(deployment).HandleAsync, time),
            HandlerNames.Stage => Bind(json.MigrationState, json.StageAnswer, new StageHandler(deployment).HandleAsync, time),
            HandlerNames.Import => Bind(json.MigrationState, json.ChunkAnswer, new ImportHandler(deployment).HandleAsync, time),
            HandlerNames.Verify => Bind(json.MigrationState, json.ChunkAnswer, new VerifyHandler(deployment).HandleAsync, time),
            HandlerNames.Report => Bind(json.MigrationState, json.ReportAnswer, new ReportHandler(deployment).HandleAsync, time),
            HandlerNames.Rotate => Bind(json.RotationPayload, json.RotationAnswer, Rotation(settings, logger, time).HandleAsync, time),
            var other => throw new InvalidOperationException($"'{other}' is no handler: _HANDLER must be one of {string.Join(", ", HandlerNames.All)} or {HandlerNames.Rotate}"),
        };
    }

    private static InvocationHandler Bind<TIn, TOut>(
        JsonTypeInfo<TIn> input, JsonTypeInfo<TOut> output, Func<TIn, Invocation, CancellationToken, Task<TOut>> handle, TimeProvider time) =>
        async (payload, invocation, cancellationToken) =>
        {
            var now = time.GetUtcNow();
            using var late = new CancellationTokenSource(Positive(invocation.CancelAt(now) - now), time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            try
            {
                return JsonSerializer.SerializeToUtf8Bytes(await handle(Read(payload, input), invocation, both.Token), output);
            }
            catch (OperationCanceledException ended) when (both.IsCancellationRequested)
            {
                var why = late.IsCancellationRequested ? $"was stopped just before its deadline {invocation.Deadline:O}" : "was shut down by Lambda";
                throw new TransientException($"the function {why}; what it had finished is kept, and the next try goes on from there", inner: ended);
            }
        };

    private static RotateHandler Rotation(Settings settings, JsonLogger logger, TimeProvider time)
    {
        var kept = settings.RotationGrace
            ?? throw new InvalidOperationException($"the function lacks the environment variable {SettingNames.RotationGraceHours}: deploy the stack again, which sets it");
        var secrets = new SecretsManagerClient();
        var retry = new RetryPolicy(new RetrySettings { MaxRetries = 3 }, time, new Random(), retry => logger.RotationRetried(retry.Cause.Message));
        return new RotateHandler(secrets, new AdminConnection(secrets, new TimestreamClient(), new RotationGrace(kept, time), settings.Rules, logger), retry, logger);
    }

    private static T Read<T>(ReadOnlyMemory<byte> payload, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(payload.Span, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException wrong)
        {
            throw new NamedException(ErrorNames.InvalidInput, $"the payload is not what this function takes: {wrong.Message}", wrong);
        }
    }

    // A timer takes no more than about 49 days, and the runtime's own deadline is minutes away.
    private static TimeSpan Positive(TimeSpan left) =>
        left < TimeSpan.Zero ? TimeSpan.Zero : left > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : left;
}
