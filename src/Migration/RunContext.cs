using System.Net;
using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>What the stages of a migration work with, on one machine and in a function alike.</summary>
public sealed record RunContext
{
    /// <summary>What is asked for; without problems (<see cref="MigrationRequest.Problems"/>).</summary>
    public required MigrationRequest Request { get; init; }

    /// <summary>Where the chunks wait between the stages; the caller disposes of it.</summary>
    public required IStagingStore Store { get; init; }

    /// <summary>Reads the source's token; called again once after a 401.</summary>
    public required TokenReader ReadSourceToken { get; init; }

    /// <summary>Reads the destination's token; called again once after a 401.</summary>
    public required TokenReader ReadDestinationToken { get; init; }

    /// <summary>Where a person sets the source's token, for messages; empty to name none.</summary>
    public string SourceTokenName { get; init; } = "";

    /// <summary>Where a person sets the destination's token, for messages; empty to name none.</summary>
    public string DestinationTokenName { get; init; } = "";

    /// <summary>The authorities to trust for the source, in PEM, besides the request's file; null for the system's.</summary>
    public string? SourceCaPem { get; init; }

    /// <summary>The authorities to trust for the destination, in PEM, besides the request's file; null for the system's.</summary>
    public string? DestinationCaPem { get; init; }

    /// <summary>Makes each connection to a server; null for the system's way.</summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Draws the jitter of retries.</summary>
    public Random Random { get; init; } = new();

    /// <summary>How transient failures are tried again.</summary>
    public RetrySettings Retry { get; init; } = new();

    /// <summary>How long the servers may take and how much they may say.</summary>
    public HttpLimits Limits { get; init; } = new();

    /// <summary>How a person runs it again: the whole command line, without tokens.</summary>
    public string ResumeWith { get; init; } = "the same request";

    /// <summary>What whoever starts the run has found and the report should say.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What whoever makes the plan has found of the servers' secrets; it stays in the plan, and so in the report of each later run.</summary>
    public IReadOnlyList<string> PlanWarnings { get; init; } = [];

    /// <summary>Where the log goes.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>What is counted while it runs.</summary>
    public MigrationProgress Progress { get; init; } = new();

    /// <summary>
    /// Whether an earlier run of the same incremental migration may have made the destination's buckets: the right to make them is
    /// then no excess of the token.
    /// </summary>
    public bool IsLaterRun { get; init; }

    /// <summary>Connects to the source.</summary>
    /// <exception cref="RejectedException">It is no InfluxDB, or its certificate is not trusted.</exception>
    /// <exception cref="TransientException">It does not answer.</exception>
    public Task<IInfluxClient> ConnectSourceAsync(CancellationToken cancellationToken) =>
        ConnectAsync(Request.Source, "source", ReadSourceToken, SourceTokenName, SourceCaPem, cancellationToken);

    /// <summary>Connects to the destination.</summary>
    /// <inheritdoc cref="ConnectSourceAsync"/>
    public Task<IInfluxClient> ConnectDestinationAsync(CancellationToken cancellationToken) =>
        ConnectAsync(Request.Destination, "destination", ReadDestinationToken, DestinationTokenName, DestinationCaPem, cancellationToken);

    /// <summary>The retries of a stage, counted and logged.</summary>
    public RetryPolicy RetryOf(StageProgress stage) => RetryBy(Retry, () => stage);

    private RetryPolicy RetryBy(RetrySettings settings, Func<StageProgress> find) => new(
        settings,
        Time,
        Random,
        retry =>
        {
            var stage = find();
            stage.Retried(retry);
            Logger.Retry(stage.Name, retry.Attempt, retry.Delay.TotalSeconds, retry.Cause.Message);
        },
        () => find().RetryEnded());

    private async Task<IInfluxClient> ConnectAsync(
        ServerRequest server, string role, TokenReader readToken, string tokenName, string? caPem, CancellationToken cancellationToken)
    {
        if (ServerOptions.TryParseUrl(server.Url, out var url) is { } problem)
            throw new RejectedException(RejectionKind.Invalid, problem);
        var options = new ServerOptions
        {
            Url = url!,
            ReadToken = readToken,
            TokenName = tokenName,
            CaFile = Request.CaFile,
            CaPem = caPem,
            SkipVerify = Request.SkipVerify,
            Role = role,
            Connect = Connect,
            Limits = Limits,
            Retry = RetryBy(Retry, () => Progress.Current),
            OnSlow = Logger.Warn,
        };
        // A server that does not answer at all is soon known to be down; one that did before may be starting anew.
        var isFirst = !Progress.Stages.Any(stage => stage.Started);
        var contact = RetryBy(isFirst ? Retry with { MaxRetries = Math.Min(Retry.MaxRetries, 3) } : Retry, () => Progress.Current);
        return await ServerDetector.ConnectAsync(options, Time, contact, cancellationToken);
    }
}
