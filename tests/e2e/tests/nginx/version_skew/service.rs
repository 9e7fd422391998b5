//! A Kubernetes Service: one address in front of the ready pods, in turn.

use canary_e2e::wait;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A Service without pods. It listens until the tests end.
pub(crate) struct Service {
    port: u16,
    endpoints: Arc<Mutex<Vec<Arc<Endpoint>>>>,
}

/// A ready pod.
struct Endpoint {
    port: u16,
    connections: AtomicUsize,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoints: Arc<Mutex<Vec<Arc<Endpoint>>>> = Arc::default();
        let service = Self { port, endpoints: endpoints.clone() };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut endpoints = endpoints.lock().unwrap();
                // Without a pod there is no answer.
                if let Some(endpoint) = endpoints.first().cloned() {
                    endpoints.rotate_left(1);
                    endpoint.connections.fetch_add(1, Ordering::SeqCst);
                    thread::spawn(move || {
                        let _ = forward(&client, endpoint.port);
                        endpoint.connections.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        service
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Adds a pod, which gets its share of the connections.
    pub(crate) fn add(&self, port: u16) {
        let endpoint = Endpoint { port, connections: AtomicUsize::new(0) };
        self.endpoints.lock().unwrap().push(Arc::new(endpoint));
    }

    /// Removes a pod and waits for the end of its connections, as a pod does
    /// before it stops.
    pub(crate) fn remove(&self, port: u16) {
        let endpoint = {
            let mut endpoints = self.endpoints.lock().unwrap();
            let at = endpoints.iter().position(|endpoint| endpoint.port == port).unwrap();
            endpoints.remove(at)
        };
        wait::until("the last connections of a pod", wait::DEADLINE, || {
            (endpoint.connections.load(Ordering::SeqCst) == 0).then_some(())
        });
    }
}

/// Copies in both directions until the pod closes its side.
fn forward(client: &TcpStream, port: u16) -> io::Result<()> {
    let pod = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::copy(&mut &*client, &mut &pod);
            let _ = pod.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut &pod, &mut &*client);
        let _ = client.shutdown(Shutdown::Both);
    });
    Ok(())
}
