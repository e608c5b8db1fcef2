using System.Diagnostics;

namespace TestServers;

/// <summary>A user of <see cref="S3Server"/>.</summary>
/// <param name="Account">What its buckets' owner is called, in the form of an AWS account id.</param>
/// <param name="AccessKey">Its access key.</param>
/// <param name="Secret">Its secret key.</param>
public sealed record S3User(string Account, string AccessKey, string Secret);

/// <summary>
/// A real S3 server, Ceph's gateway, on a free loopback port with its data in memory. It compares checksums, signatures,
/// conditions and the expected bucket owner. It does not prove that one of several creators at the very same moment wins.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    private readonly Process process;
    private readonly string folder;

    private S3Server(Process process, string folder, Uri url)
    {
        this.process = process;
        this.folder = folder;
        Url = url;
    }

    /// <summary>The user whose buckets the tests work in.</summary>
    public static S3User Owner { get; } = new("123456789012", "owner-key", "owner-secret");

    /// <summary>Another account's user.</summary>
    public static S3User Stranger { get; } = new("210987654321", "stranger-key", "stranger-secret");

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Starts a server and waits until it answers, some 15 seconds on two cores.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not come up; what it printed is in the message.</exception>
    public static async Task<S3Server> StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var data = Directory.CreateTempSubdirectory("s3-").FullName;
            var port = InfluxdProcess.FreePort();
            var started = Launch(data, InfluxdProcess.FreePort(), port);
            var errors = started.StandardError.ReadToEndAsync();
            if (await started.StandardOutput.ReadLineAsync() == "ready")
                return new S3Server(started, data, new Uri($"http://127.0.0.1:{port}"));
            started.StandardInput.Close();
            var printed = await errors;
            await EndAsync(started, data);
            // Another process can take a free port between the look and the start.
            if (attempt == 3)
                throw new InvalidOperationException($"the S3 server did not come up, './test' installs it:\n{printed}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync(process, folder);

    private static Process Launch(string data, int monitorPort, int port)
    {
        var start = new ProcessStartInfo("bash", [Repository.Script("s3-server.sh"), "run", data, $"{monitorPort}", $"{port}"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("bash could not be started");
    }

    private static async Task EndAsync(Process ended, string data)
    {
        // The script ends its daemons when its input ends, and thus also when this process is killed.
        ended.StandardInput.Close();
        await ended.WaitForExitAsync();
        ended.Dispose();
        Directory.Delete(data, recursive: true);
    }
}
