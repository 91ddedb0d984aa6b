"""The control room's screens: Streamlit pages whose live parts follow the API's event stream in the browser."""
