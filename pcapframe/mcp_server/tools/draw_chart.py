"""A chart as PNG, with its caption and numbers."""

from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.charts import ChartNumbers, captioned_chart, of_one_connection
from pcapframe.mcp_server.declaration import Drawn, PcapFile, ServerIp, ServerPort, server_tool
from pcapframe.plots import CHARTS

__all__ = ["draw_chart"]

DESCRIPTION = (
    "Draw a chart as PNG, with its caption and numbers. Without conn_id, charts of one connection show that with the "
    "most payload."
)


def _names(schema: dict[str, Any]) -> None:
    schema["enum"] = list(CHARTS)


def _of_one(schema: dict[str, Any]) -> None:
    schema["description"] = f"For {', '.join(of_one_connection())}"


@server_tool(
    title="Chart",
    description=DESCRIPTION,
    forms=(ChartNumbers,),
    pages=False,
    capture_text=("file", "rows"),
    examples=tuple({"chart": chart} for chart in CHARTS),
)
async def draw_chart(
    ctx: Context,
    pcap_file: PcapFile,
    chart: Annotated[str, Field(json_schema_extra=_names)],
    conn_id: Annotated[int | None, Field(ge=0, json_schema_extra=_of_one)] = None,
    server_ip: ServerIp = None,
    server_port: ServerPort = None,
) -> Drawn:
    """Answer with a picture and what it shows."""
    held = await asked_of(ctx).analysis(ctx, pcap_file, server_ip, server_port)

    def made() -> Drawn:
        numbers, png = captioned_chart(held.analysis, chart, conn_id=conn_id)
        return Drawn({**numbers, "file": held.name}, png)

    return await anyio.to_thread.run_sync(made)
