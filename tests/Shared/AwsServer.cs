using System.Diagnostics;
using System.Text;

namespace TestServers;

/// <summary>
/// AWS's control plane on a free loopback port: moto, whose Step Functions really execute a definition and whose Secrets
/// Manager really rotates. It is kinder than AWS in this: it checks no credentials, a Distributed Map whose items failed
/// succeeds, ToleratedFailurePercentage is not enforced, and schedules never fire.
/// </summary>
public sealed class AwsServer : IAsyncDisposable
{
    private readonly Process process;

    private AwsServer(Process process, Uri url)
    {
        this.process = process;
        Url = url;
    }

    /// <summary>Where every service of it listens.</summary>
    public Uri Url { get; }

    /// <summary>Starts a server and waits until it answers, some 5 seconds.</summary>
    /// <param name="s3">Where item readers read their objects.</param>
    /// <param name="functions">Where functions are invoked, by Lambda's Invoke API.</param>
    /// <exception cref="InvalidOperationException">It is not installed, or did not come up; what it printed is in the message.</exception>
    public static async Task<AwsServer> StartAsync(S3Server s3, Uri functions)
    {
        var port = InfluxdProcess.FreePort();
        var start = new ProcessStartInfo(
            "bash", [Repository.Script("aws-server.sh"), "run", $"{port}", s3.Url.GetLeftPart(UriPartial.Authority), functions.GetLeftPart(UriPartial.Authority)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AWS_ACCESS_KEY_ID"] = S3Server.Owner.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = S3Server.Owner.Secret },
        };
        var started = Process.Start(start) ?? throw new InvalidOperationException("bash could not be started");
        var errors = started.StandardError.ReadToEndAsync();
        if (await started.StandardOutput.ReadLineAsync() != "ready")
        {
            started.StandardInput.Close();
            throw new InvalidOperationException($"the AWS server did not come up, './test' installs it:\n{await errors}");
        }
        var server = new AwsServer(started, new Uri($"http://127.0.0.1:{port}"));
        // Without this moto takes executions but does not execute them.
        using var client = new HttpClient();
        using var config = new StringContent("""{"stepfunctions":{"execute_state_machine":true}}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(server.Url, "/moto-api/config"), config);
        answer.EnsureSuccessStatusCode();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
