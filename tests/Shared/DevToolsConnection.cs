using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>The WebSocket of a browser's DevTools: commands with their answers, and events by session.</summary>
internal sealed class DevToolsConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource closing = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> waiting = new();
    private readonly ConcurrentDictionary<string, Action<string, JsonNode>> listeners = new(StringComparer.Ordinal);
    private Task reading = Task.CompletedTask;
    private int last;

    public static async Task<DevToolsConnection> OpenAsync(Uri address)
    {
        var connection = new DevToolsConnection();
        using var patience = new CancellationTokenSource(Patience);
        await connection.socket.ConnectAsync(address, patience.Token);
        connection.reading = Task.Run(connection.ReadAsync);
        return connection;
    }

    /// <summary>Sends a command and waits for its answer, at most 30 seconds.</summary>
    /// <exception cref="InvalidOperationException">The browser refuses the command.</exception>
    public async Task<JsonNode> SendAsync(string method, JsonObject? parameters = null, string? session = null)
    {
        var id = Interlocked.Increment(ref last);
        var answer = waiting[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var command = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
            command["sessionId"] = session;
        await sending.WaitAsync(closing.Token);
        try
        {
            await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, endOfMessage: true, closing.Token);
        }
        finally
        {
            sending.Release();
        }
        var message = await answer.Task.WaitAsync(Patience);
        return message["error"] is { } error
            ? throw new InvalidOperationException($"{method}: {error.ToJsonString()}")
            : message["result"]!;
    }

    /// <summary>Has a session's events handed to a listener, on the reading thread.</summary>
    public void Listen(string session, Action<string, JsonNode> listener) => listeners[session] = listener;

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await reading;
        socket.Dispose();
        closing.Dispose();
        sending.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, closing.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                message.Write(buffer, 0, received.Count);
                if (!received.EndOfMessage)
                    continue;
                Dispatch(JsonNode.Parse(message.GetBuffer().AsSpan(0, (int)message.Length))!);
                message.SetLength(0);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException)
        {
            foreach (var answer in waiting.Values)
                answer.TrySetException(new InvalidOperationException("the browser is gone", error));
        }
    }

    private void Dispatch(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (waiting.TryRemove(id.GetValue<int>(), out var answer))
                answer.TrySetResult(message);
        }
        else if (message["sessionId"] is { } session && listeners.TryGetValue(session.GetValue<string>(), out var listener))
        {
            listener(message["method"]!.GetValue<string>(), message["params"]!);
        }
    }
}
