using System.Globalization;
using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>A loaded page: what it asked for, what went wrong, and what it looks like.</summary>
public sealed class ChromiumPage
{
    private readonly DevToolsConnection connection;
    private readonly string session;
    private readonly int width;
    private readonly List<string> requests = [];
    private readonly List<string> problems = [];
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool navigated;

    private ChromiumPage(DevToolsConnection connection, string session, int width)
    {
        this.connection = connection;
        this.session = session;
        this.width = width;
    }

    /// <summary>Every URL that the page asked for but <c>data:</c>, which is in the page itself.</summary>
    public IReadOnlyList<string> Requests => Copy(requests);

    /// <summary>Errors and warnings of the console, exceptions, and what the browser logged.</summary>
    public IReadOnlyList<string> Problems => Copy(problems);

    internal static async Task<ChromiumPage> OpenAsync(
        DevToolsConnection connection, Uri address, int width, int height, bool dark, double scale)
    {
        var target = await connection.SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" });
        var attached = await connection.SendAsync(
            "Target.attachToTarget", new JsonObject { ["targetId"] = target["targetId"]!.GetValue<string>(), ["flatten"] = true });
        var page = new ChromiumPage(connection, attached["sessionId"]!.GetValue<string>(), width);
        connection.Listen(page.session, page.Note);
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"])
            await page.SendAsync($"{domain}.enable");
        await page.SendAsync("Emulation.setDeviceMetricsOverride", new JsonObject
        {
            ["width"] = width,
            ["height"] = height,
            ["deviceScaleFactor"] = scale,
            // A phone widens its viewport to what overflows, which would hide the overflow.
            ["mobile"] = false,
        });
        await page.SendAsync("Emulation.setEmulatedMedia", new JsonObject
        {
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
        });
        await page.SendAsync("Page.navigate", new JsonObject { ["url"] = address.AbsoluteUri });
        await page.loaded.Task.WaitAsync(TimeSpan.FromSeconds(30));
        // What the page's start set off is reported by the time that two frames are drawn.
        await page.EvaluateAsync("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))");
        return page;
    }

    /// <summary>Evaluates an expression that gives a string, or a promise of one.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new JsonObject
        {
            ["expression"] = expression,
            ["awaitPromise"] = true,
            ["returnByValue"] = true,
        });
        return answer["exceptionDetails"] is { } error
            ? throw new InvalidOperationException(error.ToJsonString())
            : answer["result"]!["value"]!.GetValue<string>();
    }

    /// <summary>
    /// What doesn't fit: the page being wider than the viewport, elements beyond its edges, and elements that cut off their
    /// content. Inside of <c>.scroll</c> anything may be wide; drawings and their parts are as large as their box.
    /// </summary>
    public async Task<IReadOnlyList<string>> OverflowsAsync()
    {
        var found = await EvaluateAsync("""
            (() => {
              const width = innerWidth, found = [];
              const page = document.scrollingElement.scrollWidth;
              if (page > width) found.push(`the page is ${page} px wide in ${width}`);
              for (const element of document.body.querySelectorAll('*')) {
                if (element.parentElement.closest('.scroll, svg')) continue;
                const box = element.getBoundingClientRect();
                if (box.width === 0 && box.height === 0) continue;
                const name = element.tagName + '.' + element.getAttribute('class') + ' ' + element.textContent.slice(0, 40);
                if (box.left < -0.5 || box.right > width + 0.5) found.push(`${name}: ${box.left} to ${box.right}`);
                const spills = element.scrollHeight - element.clientHeight;
                if (element.clientHeight > 0 && spills > 4 && !element.matches('.scroll, svg')) found.push(`${name}: ${spills} px below its box`);
                const style = getComputedStyle(element);
                const clips = style.overflowX !== 'visible' || style.overflowY !== 'visible';
                if (clips && !element.matches('.scroll, svg') &&
                    (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1))
                  found.push(`${name}: cut off`);
              }
              return found.join('\n');
            })()
            """);
        var overflows = found.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        var viewport = await EvaluateAsync("'' + innerWidth");
        if (!string.Equals(viewport, width.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
            overflows.Add($"the viewport became {viewport} px wide");
        return overflows;
    }

    /// <summary>A PNG of the whole page, or of the viewport alone.</summary>
    public async Task<byte[]> ScreenshotAsync(bool wholePage = true)
    {
        var answer = await SendAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = wholePage });
        return Convert.FromBase64String(answer["data"]!.GetValue<string>());
    }

    private Task<JsonNode> SendAsync(string method, JsonObject? parameters = null) => connection.SendAsync(method, parameters, session);

    private void Note(string method, JsonNode parameters)
    {
        switch (method)
        {
            // The tab's own about:blank can still be loading.
            case "Page.frameNavigated" when parameters["frame"]!["url"]!.GetValue<string>() != "about:blank":
                navigated = true;
                break;
            case "Page.loadEventFired" when navigated:
                loaded.TrySetResult();
                break;
            case "Network.requestWillBeSent" when parameters["request"]!["url"]!.GetValue<string>() is var url && !url.StartsWith("data:", StringComparison.Ordinal):
                Add(requests, url);
                break;
            case "Runtime.consoleAPICalled" when parameters["type"]!.GetValue<string>() is "error" or "warning" or "assert":
            case "Runtime.exceptionThrown":
            case "Log.entryAdded":
                Add(problems, $"{method} {parameters.ToJsonString()}");
                break;
        }
    }

    private static void Add(List<string> list, string entry)
    {
        lock (list)
            list.Add(entry);
    }

    private static List<string> Copy(List<string> list)
    {
        lock (list)
            return [.. list];
    }
}
