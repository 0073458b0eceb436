let isLoading = false

/** Whether this is a worker that is loading the module of a pipeline: no run may begin meanwhile. */
export function isLoadingModules(): boolean {
  return isLoading
}

/** Imports modules for a worker. */
export async function loadModules<T>(load: () => Promise<T>): Promise<T> {
  isLoading = true
  try {
    return await load()
  } finally {
    isLoading = false
  }
}
