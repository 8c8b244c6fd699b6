from tests.journeys import samples, hostile as h
from tests.journeys.site import whole
async def test_probe(sqlite_url,tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        for name,form,who in [("WRONG_LENGTH","csenet","ohio"),("UNKNOWN_TRIPLE","csenet","ohio"),("BLOCKS_DISAGREE","csenet","ohio"),("NON_ASCII","csenet","ohio"),("SHORT_W4","w4","ohio"),("NO_HEADER","w4","ohio"),("DOCTYPE","xml","ohio"),("DEEP_XML","xml","ohio"),("HUGE_XML","xml","michigan"),("BAD_UTF8","xml","michigan"),("DOUBLED","json","tribe-90830"),("DEEP_JSON","json","tribe-90830")]:
            a=await site.api.submit(who,form,getattr(h,name))
            j=a.json
            print("PROBE",name,a.status,j.get("code"),j.get("counts"),[(f.get("code") or f.get("rule"),f.get("severity")) for f in j.get("findings",[])][:6], [r["reason"] for r in j.get("records",[])])
        for end in (b"\r",b"\n",b"\r\n",b""):
            body=b"".join(samples.csenet(100+i+10*len(end)+ord(end[:1] or b"a"), samples.SUMMARY)[:-1]+end for i in range(2))
            a=await site.api.submit("ohio","csenet",body); j=a.json
            print("PROBE",end,a.status,j.get("code"),j.get("counts"),[(f.get("code") or f.get("rule"),f.get("severity")) for f in j.get("findings",[])][:6])
            body=end.join([h.HEAD,*samples.W4.splitlines()[1:4]])+end
            a=await site.api.submit("ohio","w4",body); j=a.json
            print("PROBE W4",end,a.status,j.get("code"),j.get("counts"),[(f.get("code") or f.get("rule"),f.get("severity"),f.get("note")) for f in j.get("findings",[])][:6])
