namespace Functions.Runtime;

/// <summary>Tells the garbage collector the function's memory, which its cgroup does not show.</summary>
internal static class HeapLimit
{
    // The runtime itself, sockets, TLS and zlib allocate outside of the heap.
    private const int OutsideMegabytes = 64;

    /// <summary>Limits the heap; does nothing where the memory is not known.</summary>
    public static void Set(int? functionMegabytes)
    {
        if (functionMegabytes is not { } megabytes)
            return;
        AppContext.SetData("GCHeapHardLimit", Bytes(megabytes));
        GC.RefreshMemoryLimit();
    }

    /// <summary>The heap's limit for a function's memory: a quarter, but at least 64 MiB and at most half, stays outside of it.</summary>
    public static ulong Bytes(int functionMegabytes)
    {
        var outside = Math.Min(Math.Max(OutsideMegabytes, functionMegabytes / 4), functionMegabytes / 2);
        return (ulong)(functionMegabytes - outside) << 20;
    }
}
