print("rank checks")
